package amf

import "github.com/limpid-5g/limpid/aka"

// nextHop is the AMF's end of the key chain of an AS security context, TS 33.501 §6.9.2.1.1. It keeps the KAMF with
// which the context began: a newer one counts once the gNB has it, TS 33.501 §6.9.5.1.
type nextHop struct {
	kamf aka.KAMF
	nh   aka.NH
	ncc  uint8 // NH chaining counter, up to maxNCC
}

// maxNCC is the highest NH chaining counter, 3 bits.
const maxNCC = 7

// firstNextHop begins the chain at an initial context setup. The gNB is not told of it.
func firstNextHop(kamf aka.KAMF, kgnb *aka.KAN) nextHop {
	return nextHop{kamf: kamf, nh: kamf.FirstNH(kgnb), ncc: 1}
}

// advance makes the pair for the next handover, TS 33.501 §6.9.2.3.2 and §6.9.2.3.3.
func (n *nextHop) advance() {
	n.nh = n.kamf.NextNH(&n.nh)
	n.ncc = (n.ncc + 1) % (maxNCC + 1)
}
