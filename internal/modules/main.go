package main

import (
	"context"
	"fmt"

	"github.com/limpid-5g/limpid/prove/reach"
)

func main() {
	g, err := reach.List(context.Background(), ".", "./cmd/limpid")
	if err != nil {
		panic(err)
	}
	r, err := reach.Examine(g)
	if err != nil {
		panic(err)
	}
	fmt.Print(r.Format())
	for _, m := range g.Modules() {
		fmt.Println(m.Path, m.Sum, m.Dir)
		for _, h := range r.Of(m.Path) {
			fmt.Println("   ", h.Path, h.Lines, h.Own, "|", h.Through)
		}
	}
}
