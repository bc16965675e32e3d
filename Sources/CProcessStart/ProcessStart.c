// What has to happen before `main` and before the threads of any library.
#include <fcntl.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "CProcessStart.h"

// A program may be started with standard descriptors closed. The first file or event queue that it opens would take their numbers,
// and what is printed would go there. Here /dev/null takes them.
__attribute__((constructor)) static void holdStandardDescriptors(void) {
  int descriptor;
  do {
    descriptor = open("/dev/null", O_RDWR);
  } while (descriptor >= 0 && descriptor <= STDERR_FILENO);
  if (descriptor > STDERR_FILENO) close(descriptor);
}

static int count;
static char **arguments;

// Where Swift's runtime has it, what `CommandLine.arguments` gives in place of /proc/self/cmdline.
extern void _swift_stdlib_overrideUnsafeArgvArgc(char **argv, int argc) __attribute__((weak));

// glibc passes the arguments of `main` to constructors as well.
__attribute__((constructor)) static void keepArguments(int argc, char **argv) {
  count = argc;
  arguments = argv;
  if (_swift_stdlib_overrideUnsafeArgvArgc) _swift_stdlib_overrideUnsafeArgvArgc(argv, argc);
}

int process_argument_count(void) { return count; }

const char *process_argument(int index) { return index < count ? arguments[index] : NULL; }

const char *process_executable(void) { return (const char *)getauxval(AT_EXECFN); }
