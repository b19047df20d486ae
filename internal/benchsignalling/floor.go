package main

import (
	"crypto/rand"
	"errors"
	"net"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/limpid-5g/limpid/aka"
	"github.com/limpid-5g/limpid/aka/milenage"
	"github.com/limpid-5g/limpid/aka/suci"
	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/wire/nas"
)

// floor is what no core can save: CPU time for one registration with session.
type floor struct{ cryptography, systemCalls time.Duration }

func (f floor) sum() time.Duration { return f.cryptography + f.systemCalls }

const (
	floorRounds = 2000
	floorRuns   = 5
	// n2Messages pass between gNB and core: 7 up and 5 down, of which the core does one half each.
	n2Messages = 12
	// n4Messages pass between SMF and UPF, which are both in the core: establishment and modification with answers.
	n4Messages = 4
	// protected NAS messages of a registration with session, TS 24.501 §4.4: security mode command and complete,
	// registration accept and complete, establishment request and accept.
	nasMessages = 6
	nasSize     = 100 // octets
	n2Size      = 150
)

// measureFloor takes the best of some runs.
func measureFloor() (floor, error) {
	cryptography, err := newCryptography()
	if err != nil {
		return floor{}, err
	}
	calls, err := newCalls()
	if err != nil {
		return floor{}, err
	}
	defer calls.Close()
	var f floor
	if f.cryptography, err = best(cryptography.registration); err != nil {
		return f, err
	}
	f.systemCalls, err = best(calls.registration)
	return f, err
}

// best is the least CPU time of this thread that a call of work takes.
func best(work func() error) (time.Duration, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var all []time.Duration
	for range floorRuns {
		before, err := threadCPU()
		if err != nil {
			return 0, err
		}
		for range floorRounds {
			if err := work(); err != nil {
				return 0, err
			}
		}
		after, err := threadCPU()
		if err != nil {
			return 0, err
		}
		all = append(all, (after-before)/floorRounds)
	}
	return slices.Min(all), nil
}

func threadCPU() (time.Duration, error) {
	var t unix.Timespec
	err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t)
	return time.Duration(t.Nano()), err
}

// cryptography is the core's part of one registration, TS 33.501 §6.1.3.2 and TS 33.501 §6.12.2.
type cryptography struct {
	home      *suci.PrivateKey
	concealed []byte
	algorithm aka.Algorithm
	network   aka.ServingNetwork
}

func newCryptography() (*cryptography, error) {
	c := &cryptography{algorithm: milenage.New(new([16]byte), new(milenage.OPc))}
	var err error
	if c.home, err = suci.GeneratePrivateKey(rand.Reader, suci.ProfileA, 1); err != nil {
		return nil, err
	}
	msin, err := suci.PackMSIN("0000000001")
	if err != nil {
		return nil, err
	}
	if c.concealed, err = c.home.Public().Conceal(rand.Reader, msin); err != nil {
		return nil, err
	}
	plmn := ident.PLMN{0x00, 0xf1, 0x10}
	c.network, err = aka.NewServingNetwork(plmn.MCC(), plmn.MNC())
	return c, err
}

func (c *cryptography) registration() error {
	if _, err := c.home.Deconceal(c.concealed); err != nil {
		return err
	}
	var challenge aka.RAND
	_, _ = rand.Read(challenge[:]) // never fails
	v := aka.NewVector(c.algorithm, challenge, 1, aka.AMF{0x80})
	kausf := aka.NewKAUSF(&v.CK, &v.IK, c.network, v.AUTN.SQNxorAK())
	expected := aka.NewRESStar(&v.CK, &v.IK, c.network, &v.RAND, &v.XRES)
	_ = aka.NewHRESStar(&v.RAND, &expected) // what the SEAF is given
	_ = aka.NewHRESStar(&v.RAND, &expected) // what it makes of the UE's response
	kseaf := kausf.KSEAF(c.network)
	kamf := kseaf.KAMF("001010000000001", aka.ABBAInitial())
	_ = kamf.KAN(0, aka.Access3GPP)
	cipher, _ := aka.NEA(2)
	mac, _ := aka.NIA(2)
	s := nas.Context{
		Role: nas.RoleNetwork, Cipher: nas.Cipher(cipher), MAC: nas.MAC(mac),
		KNASenc: kamf.AlgorithmKey(aka.NASEncryption, 2), KNASint: kamf.AlgorithmKey(aka.NASIntegrity, 2),
	}
	var message [nasSize]byte
	for range nasMessages { // to open a message costs what it costs to protect it
		if _, err := s.Protect(nil, message[:], nas.IntegrityProtectedCiphered); err != nil {
			return err
		}
	}
	return nil
}

// calls are two UDP sockets of one machine.
type calls struct{ a, b *net.UDPConn }

func newCalls() (*calls, error) {
	listen := func() (*net.UDPConn, error) { return net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}) }
	a, err := listen()
	if err != nil {
		return nil, err
	}
	b, err := listen()
	if err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return &calls{a, b}, nil
}

// registration sends and receives as many datagrams as the core does: one half of those of N2, both ends of N4.
func (c *calls) registration() error {
	var message [n2Size]byte
	to, _ := c.b.LocalAddr().(*net.UDPAddr)
	for range n2Messages/2 + n4Messages {
		if _, err := c.a.WriteToUDPAddrPort(message[:], to.AddrPort()); err != nil {
			return err
		}
		if _, _, err := c.b.ReadFromUDPAddrPort(message[:]); err != nil {
			return err
		}
	}
	return nil
}

// Close closes the sockets.
func (c *calls) Close() { _ = errors.Join(c.a.Close(), c.b.Close()) }
