// Matrix products, on oneDNN (2.x and 3.x behind one interface) where it has AVX-512 and in panels elsewhere, and the row
// operations a transformer needs around them.
// Everything here runs on the calling thread and those that serve its team, if it leads one. Functions that can fail return 0 on success; otherwise they return 1 and
// write a message that ends in NUL into `error` (at most CDNN_ERROR_LENGTH bytes).
#ifndef CONEDNN_H
#define CONEDNN_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CDNN_ERROR_LENGTH 256

/// How the values of a block of rows are stored. U8 rows carry a scale and a zero point each: x = scale * (q - zero).
typedef enum cdnn_format { CDNN_F32 = 0, CDNN_BF16 = 1, CDNN_U8 = 2 } cdnn_format;

/// The function applied to each element of a product after the bias.
typedef enum cdnn_activation {
  CDNN_NONE = 0,
  CDNN_QUICK_GELU = 1,  ///< x * sigmoid(1.702 x)
  CDNN_GELU_ERF = 2,    ///< x * Phi(x)
  CDNN_GELU_TANH = 3    ///< the tanh approximation of GELU
} cdnn_activation;

/// `[rows, columns]` values, dense, row by row. `scale` and `zero` are `[rows]` for CDNN_U8 and unused otherwise.
typedef struct cdnn_rows {
  cdnn_format format;
  int64_t columns;
  void *values;
  float *scale;
  float *zero;
} cdnn_rows;

typedef struct cdnn_matrix cdnn_matrix;
typedef struct cdnn_context cdnn_context;
typedef struct cdnn_team cdnn_team;

// Processor ---------------------------------------------------------------------------------------------------------

typedef struct cdnn_cpu {
  char vendor[13];
  char brand[49];
  bool avx2, fma, f16c, avx512f, avx512bw, avx512vl, avx512dq, avx512_vnni, avx512_bf16, avx_vnni, amx_tile, amx_bf16, amx_int8;
} cdnn_cpu;

/// What the processor and the operating system both support, and $FIXLIPD_INSTRUCTION_SET allows.
cdnn_cpu cdnn_cpu_features(void);

/// oneDNN's own version, as "major.minor.patch".
void cdnn_version(char *text, int length);

/// Makes oneDNN's products on this thread run on this thread alone.
void cdnn_use_calling_thread_only(void);

// Packed weights ------------------------------------------------------------------------------------------------------

/// Packs `weights` `[outputs, inputs]` (row by row) and `bias` `[outputs]` (or NULL) for the format their products take:
/// CDNN_F32, CDNN_BF16, or CDNN_U8 (signed integer weights with a scale per output, unsigned 8-bit rows). On processors with
/// AVX-512 the layout and the products are oneDNN's; on others both are this target's.
/// The result never changes afterwards and may be used by several threads at once.
int cdnn_matrix_create(cdnn_matrix **matrix, const float *weights, const float *bias, int64_t outputs, int64_t inputs,
                       cdnn_format format, char *error);
void cdnn_matrix_destroy(cdnn_matrix *matrix);
int64_t cdnn_matrix_bytes(const cdnn_matrix *matrix);

// Products ------------------------------------------------------------------------------------------------------------

/// Primitives and scratch memory of one thread.
int cdnn_context_create(cdnn_context **context, char *error);
void cdnn_context_destroy(cdnn_context *context);

/// destination = activation(source * weightsᵀ + bias), or destination += source * weightsᵀ + bias if `accumulate`
/// (then the destination is CDNN_F32 and the activation is CDNN_NONE). A row's result does not depend on `rows`.
int cdnn_linear(cdnn_context *context, const cdnn_matrix *matrix, cdnn_rows source, int64_t rows, cdnn_rows destination,
                cdnn_activation activation, bool accumulate, char *error);

// Teams ---------------------------------------------------------------------------------------------------------------

/// An operation of fewer multiplications for each thread is not worth sharing: some microseconds.
#define CDNN_LEAST_SHARED_WORK 500000

/// A team shares the rows of one thread's operations out over the threads that serve it at the time; results are the same bits.
/// NULL if memory ran out.
cdnn_team *cdnn_team_create(void);
void cdnn_team_destroy(cdnn_team *team);

/// While it leads, the context's products, normalisations and attention are shared out. NULL ends that.
void cdnn_context_lead(cdnn_context *context, cdnn_team *team);

/// The threads that serve.
int cdnn_team_servers(cdnn_team *team);

/// How often the team was dismissed.
uint32_t cdnn_team_dismissals(const cdnn_team *team);

/// Works for the team's leader, with a context of this thread, until the team is closed or was dismissed more often than
/// `dismissals`.
void cdnn_team_serve(cdnn_team *team, cdnn_context *context, uint32_t dismissals);

/// Calls those that serve back, after the operation in hand.
void cdnn_team_dismiss(cdnn_team *team);

/// Dismisses them for good: whoever serves from then on returns at once.
void cdnn_team_close(cdnn_team *team);

// Rows ----------------------------------------------------------------------------------------------------------------

/// Layer normalisation of `[rows, columns]` values; `source` and a CDNN_F32 destination may be the same memory. Returns 1
/// if memory ran out.
int cdnn_layer_norm(cdnn_context *context, const float *source, int64_t rows, const float *weight, const float *bias,
                    float epsilon, cdnn_rows destination);

/// Stores CDNN_F32 rows in the destination's format.
void cdnn_convert_rows(const float *source, int64_t rows, cdnn_rows destination);

/// Multi-head attention of `queries` rows over `keys` rows: softmax(q kᵀ) v per head. The queries are scaled already.
/// Strides are in floats; a row holds `heads * width` values. Returns 1 if memory ran out.
int cdnn_attention(cdnn_context *context, const float *q, int64_t q_stride, int64_t queries, const float *k,
                   const float *v, int64_t kv_stride, int64_t keys, int64_t heads, int64_t width, cdnn_rows destination,
                   int64_t destination_row);

/// Attention of one query over the rows `indices[0..<keys]` of k and v. Returns 1 if memory ran out.
int cdnn_attention_over(cdnn_context *context, const float *q, const float *k, const float *v, int64_t kv_stride,
                        const int32_t *indices, int64_t keys, int64_t heads, int64_t width, cdnn_rows destination,
                        int64_t destination_row);

/// Rotary positions, in place: in each of a row's `heads` heads of `width` columns, column i and column width / 2 + i are
/// turned by the angle that place `places[row]` has for i; `cosines` and `sines` are `[places, width / 2]`. A row whose place
/// is negative is left as it is. The stride is in floats.
void cdnn_rotate(cdnn_context *context, float *values, int64_t stride, int64_t rows, int64_t heads, int64_t width,
                 const float *cosines, const float *sines, const int32_t *places);

/// g * sigmoid(g) * x of `[rows, columns]` values, of rows that hold g and then x side by side.
void cdnn_gate(cdnn_context *context, const float *source, int64_t rows, int64_t columns, float *destination);

void cdnn_f16_to_f32(const uint16_t *source, float *destination, int64_t count);
void cdnn_bf16_to_f32(const uint16_t *source, float *destination, int64_t count);

#ifdef __cplusplus
}
#endif
#endif
