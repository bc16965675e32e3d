// Tells ThreadSanitizer of the synchronisation that Swift's runtime on Linux hides from it; to be preloaded into what is tested.
//
// `Mutex` takes and gives back a contended lock in libswiftSynchronization, a continuation that was resumed before it is awaited hands
// its value over in libswift_Concurrency, and neither is instrumented; and the runtime knows hooks for the order of tasks that nobody
// sets on Linux. Unseen, each is a race that there is not.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>

#if !defined(__x86_64__)
#error "written for x86-64: Swift passes self in r13"
#endif

typedef void (*Order)(const void *address);

static Order acquire, release;
static void *(*current_task)(void);

void *fixlipd_lock, *fixlipd_unlock, *fixlipd_resume, *fixlipd_throwing_resume, *fixlipd_failing_resume, *fixlipd_await;

void fixlipd_acquire(const void *address) {
  if (acquire) acquire(address);
}

void fixlipd_release(const void *address) {
  if (release) release(address);
}

void fixlipd_acquire_task(void) {
  if (acquire && current_task) acquire(current_task());
}

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

__attribute__((constructor)) static void prepare(void) {
  fixlipd_lock = dlsym(RTLD_NEXT, LOCK);
  fixlipd_unlock = dlsym(RTLD_NEXT, UNLOCK);
  fixlipd_resume = dlsym(RTLD_NEXT, "swift_continuation_resume");
  fixlipd_throwing_resume = dlsym(RTLD_NEXT, "swift_continuation_throwingResume");
  fixlipd_failing_resume = dlsym(RTLD_NEXT, "swift_continuation_throwingResumeWithError");
  fixlipd_await = dlsym(RTLD_NEXT, "swift_continuation_await");
  current_task = (void *(*)(void))dlsym(RTLD_DEFAULT, "swift_task_getCurrent");
  acquire = (Order)dlsym(RTLD_DEFAULT, "__tsan_acquire");
  release = (Order)dlsym(RTLD_DEFAULT, "__tsan_release");
  bool *enabled = dlsym(RTLD_DEFAULT, "_swift_tsan_enabled");
  Order *acquiring = dlsym(RTLD_DEFAULT, "_swift_tsan_acquire"), *releasing = dlsym(RTLD_DEFAULT, "_swift_tsan_release");
  if (!acquire || !release || !enabled || !acquiring || !releasing) return;
  *acquiring = acquire;
  *releasing = release;
  *enabled = true;
}

#define FUNCTION(name, body) \
  __asm__(".text\n.globl \"" name "\"\n.type \"" name "\", @function\n\"" name "\":\n" body)
/// Calls a function of this file, then goes on in the runtime's with the registers as they came.
#define BEFORE(name, call, real) \
  FUNCTION(name, "pushq %rdi\npushq %rsi\npushq %rax\n" call "popq %rax\npopq %rsi\npopq %rdi\nmovq " real "@GOTPCREL(%rip), %r11\njmpq *(%r11)\n")

// The mutex is in r13, which the runtime may change.
FUNCTION(LOCK, "pushq %r13\nmovq fixlipd_lock@GOTPCREL(%rip), %rax\ncallq *(%rax)\n"
               "movq (%rsp), %rdi\ncallq fixlipd_acquire@PLT\npopq %r13\nret\n");
BEFORE(UNLOCK, "movq %r13, %rdi\ncallq fixlipd_release@PLT\n", "fixlipd_unlock");
// The task is the first argument.
BEFORE("swift_continuation_resume", "callq fixlipd_release@PLT\n", "fixlipd_resume");
BEFORE("swift_continuation_throwingResume", "callq fixlipd_release@PLT\n", "fixlipd_throwing_resume");
BEFORE("swift_continuation_throwingResumeWithError", "callq fixlipd_release@PLT\n", "fixlipd_failing_resume");
BEFORE("swift_continuation_await", "callq fixlipd_acquire_task@PLT\n", "fixlipd_await");
