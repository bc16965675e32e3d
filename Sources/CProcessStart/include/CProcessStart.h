// Facts of the process as the kernel handed them over, without /proc: Swift reads its arguments from /proc/self/cmdline, which a
// bare chroot lacks, and mends bytes that are no UTF-8.

/// How many arguments there are, the program's name included.
int process_argument_count(void);

/// The bytes of an argument, which live as long as the process; NULL beyond the last.
const char *process_argument(int index);

/// The path by which the program was started (getauxval(3), AT_EXECFN); NULL where the kernel does not tell.
const char *process_executable(void);

/// Starts the program `arguments[0]`, a path from the root, in a session of its own (setsid(2)), so that it does not share the fate of
/// this terminal's: with the root as its working folder, standard input empty, the two descriptors as standard output and error, no
/// others, and SIGPIPE as usual.
/// - Returns: 0, or an error number.
int process_spawn_detached(char *const *arguments, int output, int errors);
