// libjpeg-turbo's row interface with error results: libjpeg reports errors by a callback that must not return, so by
// longjmp, which must not cross Swift frames.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// A JPEG file in memory that is being read.
typedef struct telar_jpeg telar_jpeg;

// Starts reading a file, whose bytes must stay valid until telar_jpeg_end. NULL when memory is exhausted.
telar_jpeg *telar_jpeg_begin(const uint8_t *bytes, size_t count);

// Reads everything before the pixels. Returns false for a damaged file, and for one of an unsupported kind.
bool telar_jpeg_read_header(telar_jpeg *jpeg, uint32_t *width, uint32_t *height);

// The number of samples of a pixel as it is read: 1 grey; 3 red, green and blue; 4 cyan, magenta, yellow and black,
// inverted as Adobe's programs store them.
int telar_jpeg_channel_count(const telar_jpeg *jpeg);

// The contents of the Exif marker behind its name, NULL without one. They are valid until pixels are read.
const uint8_t *telar_jpeg_exif(const telar_jpeg *jpeg, size_t *count);

// Reads the pixels row by row, eight bits a sample. Returns false for a damaged file, also one that is cut short or has
// more scans than an encoder makes.
//
// - pixels: height · width · channel count bytes.
bool telar_jpeg_read_pixels(telar_jpeg *jpeg, uint8_t *pixels);

// The error, after one of the above has returned false.
const char *telar_jpeg_error(const telar_jpeg *jpeg);

void telar_jpeg_end(telar_jpeg *jpeg);
