#include "RowKernels.h"

#if defined(__x86_64__)
#include <cmath>
#include <cstring>

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx2,fma,f16c"))), apply_to = function)
#define CDNN_NAMESPACE avx512
#define CDNN_LANES 16
#define CDNN_BLOCK_ROWS 8
#include "RowKernelsBody.h"
#pragma clang attribute pop

const cdnn::RowKernels cdnn::avx512_kernels = cdnn::avx512::kernels;
#endif
