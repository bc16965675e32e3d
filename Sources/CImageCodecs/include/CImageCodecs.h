/* PNG, JPEG and WebP behind one interface.
 *
 * Every function takes the whole encoded file in memory, returns 0 on success, and on failure writes a
 * message without a final full stop into `message` (CIC_MESSAGE_SIZE bytes, always terminated). Memory is
 * given back on every path: libpng's and libjpeg's long jumps never leave this target.
 */
#ifndef CIMAGECODECS_H
#define CIMAGECODECS_H

#include <stddef.h>
#include <stdint.h>

#define CIC_MESSAGE_SIZE 256

enum {
    CIC_FORMAT_NONE = 0,
    CIC_FORMAT_PNG = 1,
    CIC_FORMAT_JPEG = 2,
    CIC_FORMAT_WEBP = 3
};

typedef struct {
    int32_t format;    /* one of CIC_FORMAT_… */
    uint32_t width;    /* as stored, before any EXIF orientation */
    uint32_t height;
    int32_t has_alpha; /* an alpha channel, or a PNG tRNS chunk */
    int32_t animated;  /* a WebP animation: only its first frame is decoded */
} cic_info;

/* The format by its signature, CIC_FORMAT_NONE if it is none of the three. */
int cic_format(const uint8_t *bytes, size_t count);

/* Reads the header only: nothing is allocated in proportion to width × height. */
int cic_probe(const uint8_t *bytes, size_t count, cic_info *info, char *message);

/* What cic_decode returns when it was told to stop. */
#define CIC_CANCELLED 2

/* Asked every few milliseconds while a picture is decoded; anything but 0 stops it. */
typedef struct {
    int32_t (*is_cancelled)(void *context);
    void *context;
} cic_poll;

/* Decodes into `pixels`, rows top to bottom without padding, `channels` bytes a pixel: 3 (RGB, alpha
 * dropped) or 4 (RGBA, not premultiplied). `info` comes from cic_probe on the same bytes;
 * `capacity` must be exactly width × height × channels. The content of `pixels` is undefined on failure. */
int cic_decode(const uint8_t *bytes, size_t count, const cic_info *info, int channels,
               uint8_t *pixels, size_t capacity, cic_poll poll, char *message);

/* Encodes `rgb` (rows top to bottom without padding, 3 bytes a pixel) as PNG or JPEG, with no chunk or segment beside
 * the picture's. On success `*bytes` is `*count` bytes to give back with cic_free. `quality` is JPEG's, 1 to 100. */
int cic_encode(int format, const uint8_t *rgb, uint32_t width, uint32_t height, int quality, uint8_t **bytes,
               size_t *count);

void cic_free(uint8_t *bytes);

/* The CRC-32 of zlib and PNG. */
uint32_t cic_crc32(const uint8_t *bytes, size_t count);

/* Inflates a zlib stream into `output`. Returns 0 and sets `written` where the whole stream is valid and fits. */
int cic_inflate(const uint8_t *bytes, size_t count, uint8_t *output, size_t capacity, size_t *written);

#endif
