// What optimizer_tile.cl is told of each of its work-groups: words of a table.
#ifndef OPTIMIZER_TILE_H
#define OPTIMIZER_TILE_H

#define SHARE_PARAMETER 0  // where the parameter begins in the flat arrays
#define SHARE_COUNT 1      // its elements
#define SHARE_PARTS 2      // parts that its gradient is the sum of, or one of the numbers below
#define SHARE_PLACE 3      // where they begin, one behind another, in the memory of parts
#define SHARE_VECTORS 4    // vectors of elements that a group sums and updates: a power of two
#define SHARE_GROUP 5      // which of the parameter's groups this is
#define SHARE_WORDS 8

#define SHARE_IS_WHOLE -1  // in place of parts: the gradient lies in the flat array of gradients
#define SHARE_IS_LOSS -2   // no parameter: the group finishes the step's loss

#endif
