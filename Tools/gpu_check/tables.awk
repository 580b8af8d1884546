# Tables of the lines that Telar and PyTorch print, one JSON object each without objects inside, for gpu-check.
#
# With -v table=drivers, the OpenCL devices; otherwise products, training and convolutions, as far as there are lines.
# PyTorch's figure is that of its fastest mode without TF32, Telar's the faster of those with and without tuning, the ratio
# Telar's over PyTorch's.

# The value of a member; empty where there is none. Values here hold no quotes.
function member(name, rest) {
  if (!match($0, "\"" name "\": *")) return ""
  rest = substr($0, RSTART + RLENGTH)
  if (substr(rest, 1, 1) == "\"") {
    rest = substr(rest, 2)
    return substr(rest, 1, index(rest, "\"") - 1)
  }
  match(rest, /^[^,}]*/)
  return substr(rest, 1, RLENGTH)
}

function ratio(ours, theirs) { return ours > 0 && theirs > 0 ? sprintf("%.2f", ours / theirs) : "-" }

function figure(value, format) { return value == "" ? "-" : sprintf(format, value) }

!/^\{.*\}$/ { next }

table == "drivers" {
  if (member("device") ~ /^opencl:/) {
    print "opencl    " member("device") " " member("name") ", " member("driver") \
      (member("problem") == "null" ? "" : ": " member("problem"))
  }
  next
}

# Convolutions
/"roof_fraction"/ {
  # Columns are counted in bytes.
  gsub(/×/, "x")
  gsub(/→/, "->")
  ops[++opCount] = sprintf("  %-20s %-18s %-34s %10.3f %10.1f %7.1f %%", member("op"), member("pass"), member("shape"),
    1e3 * member("seconds"), member("gflops"), 100 * member("roof_fraction"))
  next
}

# Products
/"gflops"/ {
  size = member("m")
  if (!(size in sizeSeen)) { sizeSeen[size]; sizes[++sizeCount] = size + 0 }
  if (member("peer") == "") {
    gflops[size] = member("gflops")
    peak[size] = member("peak_fraction")
  } else {
    peerGflops[size] = member("gflops")
  }
  next
}

# Training
/"images_per_s"/ {
  net = member("net"); batch = member("batch"); rate = member("images_per_s") + 0
  key = batch SUBSEP net
  if (!(net in netSeen)) { netSeen[net]; nets[++netCount] = net }
  if (!(batch in batchSeen)) { batchSeen[batch]; batches[++batchCount] = batch }
  if (member("peer") == "") {
    if (rate > ours[key]) ours[key] = rate
  } else if (member("tf32") == "true") {
    tf32[key] = rate
  } else if (rate > theirs[key]) {
    theirs[key] = rate
    mode[key] = member("mode")
  }
}

END {
  if (sizeCount > 0) {
    print "\nMatrix products, GFLOP/s"
    printf "  %6s %12s %9s %12s %16s\n", "size", "Telar", "of peak", "PyTorch", "Telar / PyTorch"
    # Files come in the order of their names, so the sizes may not.
    for (i = 2; i <= sizeCount; i++)
      for (j = i; j > 1 && sizes[j - 1] > sizes[j]; j--) { t = sizes[j]; sizes[j] = sizes[j - 1]; sizes[j - 1] = t }
    for (i = 1; i <= sizeCount; i++) {
      size = sizes[i]
      printf "  %6d %12s %9s %12s %16s\n", size, figure(gflops[size], "%.1f"),
        peak[size] == "" ? "-" : sprintf("%.1f %%", 100 * peak[size]), figure(peerGflops[size], "%.1f"),
        ratio(gflops[size], peerGflops[size])
    }
  }
  for (b = 1; b <= batchCount; b++) {
    print "\nTraining, images/s, batch " batches[b]
    printf "  %-20s %12s %12s %16s %14s  %s\n", "network", "Telar", "PyTorch", "Telar / PyTorch", "PyTorch, TF32",
      "PyTorch's mode"
    for (i = 1; i <= netCount; i++) {
      key = batches[b] SUBSEP nets[i]
      if (ours[key] == "" && theirs[key] == "") continue
      printf "  %-20s %12s %12s %16s %14s  %s\n", nets[i], figure(ours[key], "%.0f"), figure(theirs[key], "%.0f"),
        ratio(ours[key], theirs[key]), figure(tf32[key], "%.0f"), figure(mode[key], "%s")
    }
  }
  if (opCount > 0) {
    print "\nConvolutions"
    printf "  %-20s %-18s %-34s %10s %10s %9s\n", "operator", "pass", "shape", "ms", "GFLOP/s", "of roof"
    for (i = 1; i <= opCount; i++) print ops[i]
  }
}
