/** The command line has no importers: it starts in `main.ts`. */
export {}
