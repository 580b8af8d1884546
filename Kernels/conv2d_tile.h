// Taps of a filter along the height and along the width, at most, in the tile family: each is a bit of half a mask.
#define CONV2D_TILE_TAPS 16
