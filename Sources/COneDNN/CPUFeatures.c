#include "COneDNN.h"

#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>

/// Leaves out what $FIXLIPD_INSTRUCTION_SET ("avx2" or "baseline") does not allow, so that any processor can compute as an
/// older one does.
static void limit(cdnn_cpu *cpu) {
  const char *allowed = getenv("FIXLIPD_INSTRUCTION_SET");
  if (!allowed) return;
  const bool baseline = strcmp(allowed, "baseline") == 0;
  if (!baseline && strcmp(allowed, "avx2") != 0) return;
  cpu->avx512f = cpu->avx512bw = cpu->avx512vl = cpu->avx512dq = cpu->avx512_vnni = cpu->avx512_bf16 = false;
  cpu->avx_vnni = cpu->amx_tile = cpu->amx_bf16 = cpu->amx_int8 = false;
  if (baseline) cpu->avx2 = cpu->fma = cpu->f16c = false;
}

static uint64_t xgetbv0(void) {
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return ((uint64_t)high << 32) | low;
}

cdnn_cpu cdnn_cpu_features(void) {
  cdnn_cpu cpu;
  memset(&cpu, 0, sizeof cpu);
  uint32_t a, b, c, d;
  if (!__get_cpuid(0, &a, &b, &c, &d)) return cpu;
  memcpy(cpu.vendor, &b, 4);
  memcpy(cpu.vendor + 4, &d, 4);
  memcpy(cpu.vendor + 8, &c, 4);
  for (uint32_t leaf = 0; leaf < 3; leaf++) {
    if (!__get_cpuid(0x80000002u + leaf, &a, &b, &c, &d)) break;
    uint32_t words[4] = {a, b, c, d};
    memcpy(cpu.brand + 16 * leaf, words, 16);
  }
  // Intel SDM volume 1, 13.3: the operating system must save the wider registers (XCR0), or the instructions fault.
  uint64_t saved = 0;
  if (__get_cpuid(1, &a, &b, &c, &d)) {
    if (c & (1u << 27)) saved = xgetbv0();
    bool ymm = (saved & 0x6) == 0x6;
    cpu.fma = ymm && (c & (1u << 12));
    cpu.f16c = ymm && (c & (1u << 29));
  }
  bool ymm = (saved & 0x6) == 0x6, zmm = (saved & 0xe6) == 0xe6, tiles = (saved & 0x60000) == 0x60000;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d)) {
    cpu.avx2 = ymm && (b & (1u << 5));
    cpu.avx512f = zmm && (b & (1u << 16));
    cpu.avx512dq = zmm && (b & (1u << 17));
    cpu.avx512bw = zmm && (b & (1u << 30));
    cpu.avx512vl = zmm && (b & (1u << 31));
    cpu.avx512_vnni = zmm && (c & (1u << 11));
    cpu.amx_bf16 = tiles && (d & (1u << 22));
    cpu.amx_tile = tiles && (d & (1u << 24));
    cpu.amx_int8 = tiles && (d & (1u << 25));
    uint32_t subleaves = a;
    if (subleaves >= 1 && __get_cpuid_count(7, 1, &a, &b, &c, &d)) {
      cpu.avx_vnni = ymm && (a & (1u << 4));
      cpu.avx512_bf16 = zmm && (a & (1u << 5));
    }
  }
  limit(&cpu);
  return cpu;
}

#else

cdnn_cpu cdnn_cpu_features(void) {
  cdnn_cpu cpu;
  memset(&cpu, 0, sizeof cpu);
  return cpu;
}

#endif
