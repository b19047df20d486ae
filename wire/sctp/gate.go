package sctp

// gate lets goroutines wait for a change of state that a mutex guards. Its methods are called with that mutex
// held; the channel is waited on without it. It costs nothing while nobody waits.
type gate struct{ ch chan struct{} }

// wait returns a channel that the next open closes.
func (g *gate) wait() <-chan struct{} {
	if g.ch == nil {
		g.ch = make(chan struct{})
	}
	return g.ch
}

// open wakes all who wait.
func (g *gate) open() {
	if g.ch != nil {
		close(g.ch)
		g.ch = nil
	}
}
