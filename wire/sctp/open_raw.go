package sctp

import (
	"errors"
	"fmt"
	"net"
	"os"
)

// OpenRaw opens the socket of BindingRaw for one version of IP, for the Config.RawSockets of a process that may not open it.
func OpenRaw(v6 bool) (*os.File, error) {
	network := [2]string{"ip4:132", "ip6:132"}[versionIndex(v6)]
	c, err := net.ListenIP(network, nil)
	if err != nil {
		return nil, fmt.Errorf("sctp: raw socket: %w", err)
	}
	raw, err := c.SyscallConn()
	if err == nil {
		err = growBuffers(raw) // beyond the system's limit, which the other process may not
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("sctp: raw socket: %w", err), c.Close())
	}
	f, err := c.File()
	return f, errors.Join(err, c.Close())
}

// KernelHasSCTP tells whether the kernel has SCTP, which needs no raw socket and suffers none beside it.
func KernelHasSCTP() bool { return kernelHasSCTP() == nil }

// rawFrom makes a connection of a socket that OpenRaw opened; the file stays the caller's.
func rawFrom(f *os.File) (*net.IPConn, error) {
	c, err := net.FilePacketConn(f)
	if err != nil {
		return nil, err
	}
	ip, ok := c.(*net.IPConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("%s is no raw socket of IP", f.Name()), c.Close())
	}
	return ip, nil
}

func versionIndex(v6 bool) int {
	if v6 {
		return 1
	}
	return 0
}
