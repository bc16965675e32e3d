// Tells ThreadSanitizer of the synchronisation that Swift's runtime on Linux hides from it; to be preloaded into what is tested.
//
// `Mutex` takes and gives back a contended lock in libswiftSynchronization, which is not instrumented, and the runtime knows hooks for
// the order of tasks and continuations that nobody sets on Linux. Unseen, each is a race that there is not.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>

#if !defined(__x86_64__)
#error "written for x86-64: Swift passes self in r13"
#endif

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

typedef void (*Order)(const void *address);

static Order acquire, release;
void *fixlipd_lock_slow, *fixlipd_unlock_slow;

void fixlipd_locked(const void *mutex) {
  if (acquire) acquire(mutex);
}

void fixlipd_unlocking(const void *mutex) {
  if (release) release(mutex);
}

__attribute__((constructor)) static void prepare(void) {
  fixlipd_lock_slow = dlsym(RTLD_NEXT, LOCK);
  fixlipd_unlock_slow = dlsym(RTLD_NEXT, UNLOCK);
  acquire = (Order)dlsym(RTLD_DEFAULT, "__tsan_acquire");
  release = (Order)dlsym(RTLD_DEFAULT, "__tsan_release");
  bool *enabled = dlsym(RTLD_DEFAULT, "_swift_tsan_enabled");
  Order *acquiring = dlsym(RTLD_DEFAULT, "_swift_tsan_acquire"), *releasing = dlsym(RTLD_DEFAULT, "_swift_tsan_release");
  if (!acquire || !release || !enabled || !acquiring || !releasing) return;
  *acquiring = acquire;
  *releasing = release;
  *enabled = true;
}

// The mutex is in r13, which calls keep as they like; the first argument passes through.
__asm__(
    ".text\n"
    ".globl \"" LOCK "\"\n"
    ".type \"" LOCK "\", @function\n"
    "\"" LOCK "\":\n"
    "  pushq %r13\n"
    "  movq fixlipd_lock_slow@GOTPCREL(%rip), %rax\n"
    "  callq *(%rax)\n"
    "  movq (%rsp), %rdi\n"
    "  callq fixlipd_locked@PLT\n"
    "  popq %r13\n"
    "  ret\n"
    ".globl \"" UNLOCK "\"\n"
    ".type \"" UNLOCK "\", @function\n"
    "\"" UNLOCK "\":\n"
    "  pushq %r13\n"
    "  movq %r13, %rdi\n"
    "  callq fixlipd_unlocking@PLT\n"
    "  movq (%rsp), %r13\n"
    "  movq fixlipd_unlock_slow@GOTPCREL(%rip), %rax\n"
    "  callq *(%rax)\n"
    "  popq %r13\n"
    "  ret\n");
