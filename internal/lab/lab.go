// Package lab makes a place for a core and its radios on one machine: two network namespaces and a cable, and processes in
// them whose cost can be read. It is for measurements and for tests that kill. It needs root.
package lab

import (
	"errors"
	"net/netip"

	"github.com/limpid-5g/limpid/internal/netspace"
)

// Lab is two network namespaces, without names, joined by one cable for N2 and N3.
type Lab struct{ RAN, Core *netspace.Space }

// CoreAddress and RANAddress are the ends of the cable, which exist inside the namespaces only.
func CoreAddress() netip.Addr { return netip.AddrFrom4([4]byte{10, 10, 2, 1}) }

// RANAddress is the end of the radios.
func RANAddress() netip.Addr { return netip.AddrFrom4([4]byte{10, 10, 2, 2}) }

const cableBits = 24

// New makes the namespaces. They end with this process, whatever happens.
func New() (*Lab, error) {
	l := &Lab{}
	err := l.build()
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

func (l *Lab) build() (err error) {
	if l.RAN, err = netspace.New(""); err != nil {
		return err
	}
	if l.Core, err = netspace.New(""); err != nil {
		return err
	}
	return netspace.Cable("n2", l.RAN, l.Core, netip.PrefixFrom(RANAddress(), cableBits), netip.PrefixFrom(CoreAddress(), cableBits))
}

// Close takes the lab down.
func (l *Lab) Close() error {
	var errs []error
	for _, n := range []*netspace.Space{l.RAN, l.Core} {
		if n != nil {
			errs = append(errs, n.Close())
		}
	}
	return errors.Join(errs...)
}
