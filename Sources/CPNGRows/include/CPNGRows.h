// libpng's interface of rows behind calls that return: libpng reports errors by longjmp, which Swift cannot be part of.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// A PNG in memory that is being read.
typedef struct telar_png telar_png;

// Begins with a file whose bytes stay where they are until telar_png_end. NULL when there is no memory.
telar_png *telar_png_begin(const uint8_t *bytes, size_t count);

// Reads all that stands in front of the pixels. False where the file is damaged.
bool telar_png_read_header(telar_png *png, uint32_t *width, uint32_t *height);

// How many samples a pixel has once it is read: grey, grey and alpha, red, green and blue, or these and alpha.
int telar_png_channel_count(const telar_png *png);

// Reads the pixels, eight bits a sample and row by row, and the rest of the file. False where the file is damaged.
//
// - pixels: height · width · channel count bytes.
//
// Samples of fewer bits are scaled to 0 to 255, and of 16 bits the high byte is taken. Palettes are looked up; tRNS, of
// palettes and of single colours, becomes alpha. Colours are as they are stored: all other chunks are skipped, gamma and
// profiles among them, and only their check sums count.
bool telar_png_read_pixels(telar_png *png, uint8_t *pixels);

// What is wrong with the file, after one of the above has returned false.
const char *telar_png_error(const telar_png *png);

void telar_png_end(telar_png *png);
