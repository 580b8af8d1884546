// Sizes of group_sum.cl.
#ifndef GROUP_SUM_H
#define GROUP_SUM_H

#define GROUP_SUM_ITEMS 256  // work-items in a group at most
#define GROUP_SUM_ROWS 4     // rows, or vectors, that a work-item loads at once

#endif
