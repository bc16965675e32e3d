#include "InstructionSet.h"

#include <cmath>
#include <cstring>

#define CDNN_NAMESPACE baseline
#define CDNN_LANES 4
#define CDNN_BLOCK_ROWS 4
#if defined(__x86_64__)
#include <emmintrin.h>
#define CDNN_FUSED 0
#define CDNN_MULTIPLY_PAIRS(a, b) (Int) _mm_madd_epi16((__m128i)(a), (__m128i)(b))
#else
#define CDNN_FUSED 1
#define CDNN_MULTIPLY_PAIRS(a, b) ((((a) << 16) >> 16) * (((b) << 16) >> 16) + ((a) >> 16) * ((b) >> 16))
#endif
#include "RowKernelsBody.h"
#include "PanelKernelsBody.h"

const cdnn::InstructionSet cdnn::baseline_instructions = {cdnn::baseline::row_operations, cdnn::baseline::panel_products};
