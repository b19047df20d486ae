package core

import "runtime/debug"

// memoryGrowth is by how much the heap grows, in percent of what is in use, before garbage is collected again. Nearly all
// of a core's memory is UEs at rest, and Go's default of 100 would double it.
const memoryGrowth = 100

// LimitMemory sets the garbage collector for a process that is a core, unless who starts it has set GOGC.
func LimitMemory() { debug.SetGCPercent(memoryGrowth) }
