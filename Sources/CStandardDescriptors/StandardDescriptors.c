// A program may be started with standard descriptors closed. The first file or event queue that it opens would take their numbers,
// and what is printed would go there. Here /dev/null takes them, before `main` and the threads of any library.
#include <fcntl.h>
#include <unistd.h>

#include "CStandardDescriptors.h"

__attribute__((constructor)) static void holdStandardDescriptors(void) {
  int descriptor;
  do {
    descriptor = open("/dev/null", O_RDWR);
  } while (descriptor >= 0 && descriptor <= STDERR_FILENO);
  if (descriptor > STDERR_FILENO) close(descriptor);
}
