#include "InstructionSet.h"

#if defined(__x86_64__)
#include <immintrin.h>

#include <cmath>
#include <cstring>

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx2,fma,f16c"))), apply_to = function)
#define CDNN_NAMESPACE avx512
#define CDNN_LANES 16
#define CDNN_BLOCK_ROWS 8
#define CDNN_FUSED 1
#define CDNN_MULTIPLY_PAIRS(a, b) (Int) _mm512_madd_epi16((__m512i)(a), (__m512i)(b))
#include "RowKernelsBody.h"
#include "PanelKernelsBody.h"
#pragma clang attribute pop

const cdnn::InstructionSet cdnn::avx512_instructions = {cdnn::avx512::row_operations, cdnn::avx512::panel_products};
#endif
