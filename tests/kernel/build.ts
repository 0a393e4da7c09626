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
