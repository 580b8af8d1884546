// A work-group of sum_splits: the vectors of four elements that it sums, and the work-items that share each.
#define SUM_SPLITS_VECTORS 16
#define SUM_SPLITS_ITEMS 4
