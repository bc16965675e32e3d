#ifndef FIXLIP_OPENBLAS_SHIM_H
#define FIXLIP_OPENBLAS_SHIM_H

#include <cblas.h>

/* LAPACK as OpenBLAS exports it: the Fortran interface, column-major, 32-bit integers.
   Debian's OpenBLAS carries no LAPACKE. Trailing string lengths are part of gfortran's convention. */
#ifdef __cplusplus
extern "C" {
#endif

void dpotrf_(const char *uplo, const int *n, double *a, const int *lda, int *info, unsigned long);
void spotrf_(const char *uplo, const int *n, float *a, const int *lda, int *info, unsigned long);
void dpotri_(const char *uplo, const int *n, double *a, const int *lda, int *info, unsigned long);
void spotri_(const char *uplo, const int *n, float *a, const int *lda, int *info, unsigned long);
void dsyevd_(const char *jobz, const char *uplo, const int *n, double *a, const int *lda, double *w,
             double *work, const int *lwork, int *iwork, const int *liwork, int *info,
             unsigned long, unsigned long);

#ifdef __cplusplus
}
#endif
#endif
