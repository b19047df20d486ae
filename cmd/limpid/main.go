// Command limpid is a 5G core in one binary, with the tools to set it up, feed it, watch it and try it out.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/limpid-5g/limpid/core/config"
)

func main() { os.Exit(run()) }

// run executes the command line and returns the exit status: 0, or 1 after an error, which is on standard error.
func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := newRootCommand().ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	if bad, ok := errors.AsType[config.Errors](err); ok { // each line begins with its place, as compilers do
		fmt.Fprintln(os.Stderr, bad)
	} else {
		fmt.Fprintln(os.Stderr, "limpid:", err)
	}
	return 1
}
