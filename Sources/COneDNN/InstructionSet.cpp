#include "InstructionSet.h"

namespace cdnn {
namespace {

enum class Width { baseline, avx2, avx512 };

Width width() {
  static const Width chosen = [] {
    const cdnn_cpu cpu = cdnn_cpu_features();
    if (!cpu.avx2 || !cpu.fma || !cpu.f16c) return Width::baseline;
    return cpu.avx512f && cpu.avx512bw && cpu.avx512vl && cpu.avx512dq ? Width::avx512 : Width::avx2;
  }();
  return chosen;
}

}  // namespace

const InstructionSet &instructions() {
#if defined(__x86_64__)
  switch (width()) {
    case Width::avx512: return avx512_instructions;
    case Width::avx2: return avx2_instructions;
    case Width::baseline: break;
  }
#endif
  return baseline_instructions;
}

bool products_by_onednn() { return width() == Width::avx512; }

}  // namespace cdnn
