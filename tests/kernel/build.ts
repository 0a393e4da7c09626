// tidy-allow dead: started as a program by tools/test/guests.ts, which cannot import tests
/** Builds the programs of the kernel tests, for a machine without a compiler, such as a guest. */
import {
  callsProgram,
  connectRaceProgram,
  missing32,
  nothingProgram,
  raceProgram,
  uringProgram,
} from './program.ts'

callsProgram()
nothingProgram()
raceProgram()
connectRaceProgram()
uringProgram()
missing32()
