// libpng's row interface with error results: libpng reports errors by longjmp, which must not cross Swift frames.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// A PNG file in memory that is being read.
typedef struct telar_png telar_png;

// Starts reading a file, whose bytes must stay valid until telar_png_end. NULL when memory is exhausted.
telar_png *telar_png_begin(const uint8_t *bytes, size_t count);

// Reads everything before the pixels. Returns false for a damaged file.
bool telar_png_read_header(telar_png *png, uint32_t *width, uint32_t *height);

// The number of samples of a pixel as it is read: grey, grey and alpha, red, green and blue, or these and alpha.
int telar_png_channel_count(const telar_png *png);

// Reads the pixels row by row, eight bits per sample, and the rest of the file. Returns false for a damaged file.
//
// - pixels: height · width · channel count bytes.
//
// Samples of fewer bits are scaled to 0 to 255; of 16 bits the high byte is used. Palettes are resolved; tRNS, for
// palettes and single colours, becomes alpha. Colours are returned as stored: all other chunks, such as gamma and
// profiles, are skipped, and only their check sums are verified.
bool telar_png_read_pixels(telar_png *png, uint8_t *pixels);

// The error, after one of the above has returned false.
const char *telar_png_error(const telar_png *png);

void telar_png_end(telar_png *png);
