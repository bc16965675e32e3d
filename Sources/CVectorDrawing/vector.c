/* The few functions of librsvg 2.52, Cairo 1.12 and GLib that a drawing takes, declared here as their headers declare
 * them, so that no package of headers is needed to build.
 */
#include "CVectorDrawing.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct { double x, y, width, height; } rsvg_rectangle;

typedef struct {
    uint32_t domain;
    int code;
    char *message;
} g_error;

typedef int (*cairo_write)(void *closure, const unsigned char *data, unsigned int length);

enum { CAIRO_STATUS_SUCCESS = 0, CAIRO_STATUS_WRITE_ERROR = 11, CAIRO_FORMAT_ARGB32 = 0 };

static struct {
    void *(*rsvg_handle_new_from_data)(const uint8_t *data, size_t count, g_error **error);
    int (*rsvg_handle_render_document)(void *handle, void *cairo, const rsvg_rectangle *viewport, g_error **error);
    int (*rsvg_handle_get_intrinsic_size_in_pixels)(void *handle, double *width, double *height);
    void (*g_object_unref)(void *object);
    void (*g_error_free)(g_error *error);
    void *(*cairo_image_surface_create)(int format, int width, int height);
    void *(*cairo_pdf_surface_create_for_stream)(cairo_write write, void *closure, double width, double height);
    int (*cairo_surface_write_to_png_stream)(void *surface, cairo_write write, void *closure);
    void (*cairo_surface_finish)(void *surface);
    int (*cairo_surface_status)(void *surface);
    void (*cairo_surface_destroy)(void *surface);
    void *(*cairo_create)(void *surface);
    int (*cairo_status)(void *cairo);
    void (*cairo_destroy)(void *cairo);
    const char *(*cairo_status_to_string)(int status);
} lib;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static char missing[CVD_MESSAGE_SIZE];

static void *opened(const char *name) {
    void *library = missing[0] ? NULL : dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (!library && !missing[0]) {
        const char *reason = dlerror();
        snprintf(missing, sizeof missing, "%s", reason ? reason : name);
    }
    return library;
}

static void find(void *library, const char *name, void *function) {
    if (!library) return;
    void *symbol = dlsym(library, name);
    if (!symbol && !missing[0]) snprintf(missing, sizeof missing, "%s is not in the installed library", name);
    memcpy(function, &symbol, sizeof symbol);
}

/* What is loaded stays loaded. */
static void load(void) {
    void *rsvg = opened("librsvg-2.so.2");
    void *object = opened("libgobject-2.0.so.0");
    void *glib = opened("libglib-2.0.so.0");
    void *cairo = opened("libcairo.so.2");
    find(rsvg, "rsvg_handle_new_from_data", &lib.rsvg_handle_new_from_data);
    find(rsvg, "rsvg_handle_render_document", &lib.rsvg_handle_render_document);
    find(rsvg, "rsvg_handle_get_intrinsic_size_in_pixels", &lib.rsvg_handle_get_intrinsic_size_in_pixels);
    find(object, "g_object_unref", &lib.g_object_unref);
    find(glib, "g_error_free", &lib.g_error_free);
    find(cairo, "cairo_image_surface_create", &lib.cairo_image_surface_create);
    find(cairo, "cairo_pdf_surface_create_for_stream", &lib.cairo_pdf_surface_create_for_stream);
    find(cairo, "cairo_surface_write_to_png_stream", &lib.cairo_surface_write_to_png_stream);
    find(cairo, "cairo_surface_finish", &lib.cairo_surface_finish);
    find(cairo, "cairo_surface_status", &lib.cairo_surface_status);
    find(cairo, "cairo_surface_destroy", &lib.cairo_surface_destroy);
    find(cairo, "cairo_create", &lib.cairo_create);
    find(cairo, "cairo_status", &lib.cairo_status);
    find(cairo, "cairo_destroy", &lib.cairo_destroy);
    find(cairo, "cairo_status_to_string", &lib.cairo_status_to_string);
}

typedef struct {
    uint8_t *bytes;
    size_t count, capacity;
    cvd_question is_cancelled;
    void *asker;
    int cancelled;
} output;

/* Whether to stop, asked once more; a yes is remembered. */
static int cancelled(output *out) {
    if (!out->cancelled) out->cancelled = out->is_cancelled(out->asker);
    return out->cancelled;
}

static int append(void *closure, const unsigned char *data, unsigned int length) {
    output *out = closure;
    if (cancelled(out)) return CAIRO_STATUS_WRITE_ERROR;
    if (length > out->capacity - out->count) {
        size_t capacity = 2 * out->capacity + length;
        uint8_t *bytes = realloc(out->bytes, capacity);
        if (!bytes) return CAIRO_STATUS_WRITE_ERROR;
        out->bytes = bytes;
        out->capacity = capacity;
    }
    if (length) memcpy(out->bytes + out->count, data, length);
    out->count += length;
    return CAIRO_STATUS_SUCCESS;
}

static void say_error(g_error *error, char *message) {
    snprintf(message, CVD_MESSAGE_SIZE, "%s", error ? error->message : "librsvg gave no reason");
    if (error) lib.g_error_free(error);
}

/* 0 or a Cairo status. */
static int draw(void *handle, void *surface, const rsvg_rectangle *viewport, char *message) {
    int status = lib.cairo_surface_status(surface);
    if (status) return status;
    void *cairo = lib.cairo_create(surface);
    status = lib.cairo_status(cairo);
    g_error *error = NULL;
    if (!status && !lib.rsvg_handle_render_document(handle, cairo, viewport, &error)) {
        say_error(error, message);
        status = -1;
    }
    if (!status) status = lib.cairo_status(cairo);
    lib.cairo_destroy(cairo);
    return status;
}

int cvd_draw(const uint8_t *svg, size_t count, int format, double scale, cvd_question is_cancelled, void *asker,
             uint8_t **bytes, size_t *size, char *message) {
    message[0] = 0;
    pthread_once(&once, load);
    if (missing[0]) {
        memcpy(message, missing, sizeof missing);
        return CVD_NO_LIBRARY;
    }
    g_error *error = NULL;
    void *handle = lib.rsvg_handle_new_from_data(svg, count, &error);
    if (!handle) {
        say_error(error, message);
        return CVD_FAILED;
    }
    double width = 0, height = 0;
    if (!lib.rsvg_handle_get_intrinsic_size_in_pixels(handle, &width, &height) || !(width >= 1) || !(height >= 1)) {
        snprintf(message, CVD_MESSAGE_SIZE, "the drawing says no size");
        lib.g_object_unref(handle);
        return CVD_FAILED;
    }
    output out = {NULL, 0, 0, is_cancelled, asker, 0};
    /* A point is 1/72 inch. */
    double factor = format == CVD_PDF ? 0.75 : scale;
    rsvg_rectangle viewport = {0, 0, width * factor, height * factor};
    void *surface = format == CVD_PDF
        ? lib.cairo_pdf_surface_create_for_stream(append, &out, viewport.width, viewport.height)
        : lib.cairo_image_surface_create(CAIRO_FORMAT_ARGB32, (int)(viewport.width + 0.5), (int)(viewport.height + 0.5));
    int status = cancelled(&out) ? CAIRO_STATUS_WRITE_ERROR : draw(handle, surface, &viewport, message);
    if (!status && format == CVD_PNG && !cancelled(&out)) status = lib.cairo_surface_write_to_png_stream(surface, append, &out);
    if (!status && format == CVD_PDF) {
        lib.cairo_surface_finish(surface);
        status = lib.cairo_surface_status(surface);
    }
    lib.cairo_surface_destroy(surface);
    lib.g_object_unref(handle);
    if (status || out.cancelled) {
        if (!message[0] && status > 0) snprintf(message, CVD_MESSAGE_SIZE, "%s", lib.cairo_status_to_string(status));
        free(out.bytes);
        return out.cancelled ? CVD_CANCELLED : CVD_FAILED;
    }
    *bytes = out.bytes;
    *size = out.count;
    return CVD_DRAWN;
}

void cvd_free(uint8_t *bytes) { free(bytes); }
