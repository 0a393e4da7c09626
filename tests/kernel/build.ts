/** Builds the programs of the kernel tests, for a machine without a compiler, such as a guest. */
import { buildAct } from '@bulwark/tools'
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
await buildAct() // of the lab's containers
