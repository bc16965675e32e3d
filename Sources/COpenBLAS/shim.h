#ifndef FIXLIP_OPENBLAS_SHIM_H
#define FIXLIP_OPENBLAS_SHIM_H

#include <cblas.h>

#ifdef __cplusplus
extern "C" {
#endif

/* LAPACK as OpenBLAS exports it: the Fortran interface, column-major, 32-bit integers.
   Debian's OpenBLAS carries no LAPACKE. Trailing string lengths are part of gfortran's convention. */
void dpotrf_(const char *uplo, const int *n, double *a, const int *lda, int *info, unsigned long);
void spotrf_(const char *uplo, const int *n, float *a, const int *lda, int *info, unsigned long);
void dsyevd_(const char *jobz, const char *uplo, const int *n, double *a, const int *lda, double *w,
             double *work, const int *lwork, int *iwork, const int *liwork, int *info,
             unsigned long, unsigned long);

#ifdef __cplusplus
}
#endif

/* 2 where the processor runs OpenBLAS's SkylakeX kernels, 1 for its Haswell kernels, else 0. */
static inline int fixlip_openblas_kernel_level(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512cd")) {
        return 2;
    }
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return 1;
#endif
    return 0;
}

#endif
