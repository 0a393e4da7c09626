/** Nothing imports the tests. */
export {}
