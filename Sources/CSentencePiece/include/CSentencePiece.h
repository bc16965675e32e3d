#ifndef CSENTENCEPIECE_H
#define CSENTENCEPIECE_H

#include <stddef.h>
#include <stdint.h>

// A C face of the part of libsentencepiece that encodes text. Strings are UTF-8 with a length; failures write a message
// ended by a zero byte into the buffer given. No function throws or prints.

#ifdef __cplusplus
extern "C" {
#endif

typedef struct CSentencePieceModel CSentencePieceModel;

// A piece of an encoded text: its id, its spelling, and the bytes of the text that it stands for.
typedef void (*CSentencePieceVisitor)(void *context, int32_t id, const char *piece, size_t piece_length, size_t begin,
                                      size_t end);

// Reads a serialized model; NULL where the bytes are none.
CSentencePieceModel *csentencepiece_open(const void *bytes, size_t count, char *message, size_t message_capacity);

void csentencepiece_close(CSentencePieceModel *model);

// The number of pieces; ids are below it.
int32_t csentencepiece_count(const CSentencePieceModel *model);

// The id of a piece; -1 where the model has no such piece.
int32_t csentencepiece_id(const CSentencePieceModel *model, const char *piece, size_t length);

// Calls `visitor` for each piece of the text, in order. May be called from several threads at once. 0 on success.
int csentencepiece_encode(const CSentencePieceModel *model, const char *text, size_t length,
                          CSentencePieceVisitor visitor, void *context, char *message, size_t message_capacity);

#ifdef __cplusplus
}
#endif

#endif
