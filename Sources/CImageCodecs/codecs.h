/* What the three codecs share; not visible to Swift. */
#ifndef CIC_CODECS_H
#define CIC_CODECS_H

#include "CImageCodecs.h"

void cic_set_message(char *message, const char *format, ...) __attribute__((format(printf, 2, 3)));

int cic_png_probe(const uint8_t *bytes, size_t count, cic_info *info, char *message);
int cic_png_decode(const uint8_t *bytes, size_t count, const cic_info *info, int channels,
                   uint8_t *pixels, cic_poll poll, char *message);

int cic_jpeg_probe(const uint8_t *bytes, size_t count, cic_info *info, char *message);
int cic_jpeg_decode(const uint8_t *bytes, size_t count, const cic_info *info, int channels,
                    uint8_t *pixels, cic_poll poll, char *message);

int cic_png_encode(const uint8_t *rgb, uint32_t width, uint32_t height, uint8_t **bytes, size_t *count);
int cic_jpeg_encode(const uint8_t *rgb, uint32_t width, uint32_t height, int quality, uint8_t **bytes, size_t *count);

int cic_webp_probe(const uint8_t *bytes, size_t count, cic_info *info, char *message);
int cic_webp_decode(const uint8_t *bytes, size_t count, const cic_info *info, int channels,
                    uint8_t *pixels, cic_poll poll, char *message);

#endif
