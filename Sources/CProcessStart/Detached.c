// A program started apart from this one, with calls that Swift does not see: they are extensions of the C library.
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <unistd.h>

#include "CProcessStart.h"

extern char **environ;

int process_spawn_detached(char *const *arguments, int output, int errors) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  int failure = posix_spawn_file_actions_init(&actions);
  if (failure) return failure;
  failure = posix_spawnattr_init(&attributes);
  if (failure) {
    posix_spawn_file_actions_destroy(&actions);
    return failure;
  }
  sigset_t reset;
  sigemptyset(&reset);
  sigaddset(&reset, SIGPIPE);
  pid_t process;
  (failure = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)) ||
      (failure = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)) ||
      (failure = posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO)) ||
      (failure = posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1)) ||
      (failure = posix_spawn_file_actions_addchdir_np(&actions, "/")) ||
      (failure = posix_spawnattr_setsigdefault(&attributes, &reset)) ||
      (failure = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF)) ||
      (failure = posix_spawn(&process, arguments[0], &actions, &attributes, arguments, environ));
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return failure;
}
