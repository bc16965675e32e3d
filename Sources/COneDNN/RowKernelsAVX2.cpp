#include "RowKernels.h"

#if defined(__x86_64__)
#include <cmath>
#include <cstring>

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#define CDNN_NAMESPACE avx2
#define CDNN_LANES 8
#define CDNN_BLOCK_ROWS 4
#include "RowKernelsBody.h"
#pragma clang attribute pop

const cdnn::RowKernels cdnn::avx2_kernels = cdnn::avx2::kernels;
#endif
