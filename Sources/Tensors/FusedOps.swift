/// Operators that do the work of several layers. A plan chooses them where they apply; each says when that is.
package enum FusedOps {}
