#include "RowKernels.h"

#define CDNN_NAMESPACE baseline
#define CDNN_LANES 4
#define CDNN_BLOCK_ROWS 4
#include "RowKernelsBody.h"

const cdnn::RowKernels cdnn::baseline_kernels = cdnn::baseline::kernels;
