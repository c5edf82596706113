"""What the end-to-end tests and the benchmarks share: a cloud of one's own, guests, raw requests, waiting."""
