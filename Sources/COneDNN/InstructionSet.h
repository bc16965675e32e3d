// What is compiled once per instruction set, and the choice among them.
#pragma once

#include "PanelKernels.h"
#include "RowKernels.h"

namespace cdnn {

struct InstructionSet {
  RowKernels rows;
  PanelKernels panels;
};

extern const InstructionSet baseline_instructions;
#if defined(__x86_64__)
extern const InstructionSet avx2_instructions;
extern const InstructionSet avx512_instructions;
#endif

/// The widest that the processor runs.
const InstructionSet &instructions();

/// Whether oneDNN computes products. It does where it has AVX-512; with less, a row's sums in oneDNN depend on how many rows
/// are computed with it.
bool products_by_onednn();

inline const RowKernels &row_kernels() { return instructions().rows; }
inline const PanelKernels &panel_kernels() { return instructions().panels; }

}  // namespace cdnn
