/* SVG to PNG and PDF by librsvg and Cairo, which are looked for when the first drawing is asked for: the program runs
 * without them.
 */
#ifndef CVECTORDRAWING_H
#define CVECTORDRAWING_H

#include <stddef.h>
#include <stdint.h>

#define CVD_MESSAGE_SIZE 256

enum { CVD_PNG = 0, CVD_PDF = 1 };

enum {
    CVD_DRAWN = 0,
    CVD_NO_LIBRARY = 1, /* librsvg or what it needs is not installed; `message` is the loader's */
    CVD_FAILED = 2,
    CVD_CANCELLED = 3
};

/* Whether nobody wants the drawing any more. */
typedef int (*cvd_question)(void *asker);

/* Draws `count` bytes of SVG at the size that it says. A PNG has `scale` pixels for each pixel of CSS (1/96 inch). On success `*bytes` is `*size` bytes to give back with cvd_free; else `message` (CVD_MESSAGE_SIZE bytes, always
 * terminated) says why, without a final full stop. May be called from several threads at a time.
 * `is_cancelled` is asked with `asker` between the steps and, many times, while the file is written. */
int cvd_draw(const uint8_t *svg, size_t count, int format, double scale, cvd_question is_cancelled, void *asker,
             uint8_t **bytes, size_t *size, char *message);

void cvd_free(uint8_t *bytes);

#endif
