#include "InstructionSet.h"

#if defined(__x86_64__)
#include <immintrin.h>

#include <cmath>
#include <cstring>

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#define CDNN_NAMESPACE avx2
#define CDNN_LANES 8
#define CDNN_BLOCK_ROWS 4
#define CDNN_FUSED 1
#define CDNN_MULTIPLY_PAIRS(a, b) (Int) _mm256_madd_epi16((__m256i)(a), (__m256i)(b))
#include "RowKernelsBody.h"
#include "PanelKernelsBody.h"
#pragma clang attribute pop

const cdnn::InstructionSet cdnn::avx2_instructions = {cdnn::avx2::row_operations, cdnn::avx2::panel_products};
#endif
