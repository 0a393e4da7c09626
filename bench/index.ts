/** Nothing imports the benchmarks. */
export {}
