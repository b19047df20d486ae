package sctp

import (
	"errors"
	"fmt"
	"net/netip"
)

// New makes a Transport of the configured binding, or of the best one this machine allows, and logs why. It fails
// with ErrNoKernelSCTP, or with the operating system's error when raw sockets are wanted and not allowed.
func New(cfg Config) (Transport, error) {
	cfg = cfg.withDefaults()
	hasKernel := kernelHasSCTP()
	switch cfg.Binding {
	case BindingKernel:
		if hasKernel != nil {
			return nil, hasKernel
		}
		return chosen(newKernel(cfg), "configured")
	case BindingRaw:
		if hasKernel == nil {
			return nil, errors.New("sctp: raw sockets cannot carry SCTP where the kernel has SCTP, which would answer ABORT")
		}
		ep, err := newRaw(cfg)
		if err != nil {
			return nil, err
		}
		return chosen(ep, "configured")
	case BindingUDP:
		return chosen(newUDP(cfg), "configured")
	case "":
	default:
		return nil, fmt.Errorf("sctp: binding %q is not one of kernel, raw, udp", cfg.Binding)
	}
	if hasKernel == nil {
		return chosen(newKernel(cfg), "the kernel has SCTP")
	}
	ep, err := newRaw(cfg)
	if err == nil {
		return chosen(ep, "the kernel has no SCTP and raw sockets are allowed")
	}
	return chosen(newUDP(cfg), fmt.Sprintf("the kernel has no SCTP and raw sockets are not allowed (%v)", err))
}

// chosen logs the binding and the reason for it.
func chosen[T interface {
	Transport
	config() Config
}](t T, why string) (Transport, error) {
	cfg := t.config()
	args := []any{"binding", string(t.Binding()), "why", why}
	if t.Binding() == BindingUDP {
		args = append(args, "udp_port", cfg.UDPPort)
	}
	cfg.Log.Info("sctp: binding chosen", args...)
	return t, nil
}

func (ep *endpoint) config() Config { return ep.cfg }

// headersIP is the length in octets of an IP header without options.
func headersIP(a netip.Addr) int {
	if a.Is4() {
		return 20
	}
	return 40
}
