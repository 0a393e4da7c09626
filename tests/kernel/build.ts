// tidy-allow dead: started as a program by tools/test/guests.ts, which cannot import tests
/** Builds the programs of the kernel tests, for a machine without a compiler, such as a guest. */
import { callsProgram, missing32, nothingProgram } from './program.ts'

callsProgram()
nothingProgram()
missing32()
