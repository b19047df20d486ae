package tuak

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/limpid-5g/limpid/aka"
)

// ErrParameter says that a length or the number of iterations is not one of TS 35.231 §5.1.
var ErrParameter = errors.New("tuak: parameter out of range")

// MaxIterations bounds Parameters.Iterations; the standard sets no upper limit.
const MaxIterations = 1 << 10

// TOP is the operator variant algorithm configuration field, TS 35.231 §6.1. It is secret.
type TOP [32]byte

// TOPc is TOP bound to the subscriber's key, TS 35.231 §6.1. It is secret.
type TOPc [32]byte

// Parameters are the operator's choices, TS 35.231 §5.1: lengths in octets.
type Parameters struct {
	MAC        int // 8, 16 or 32
	RES        int // 4, 8, 16 or 32
	CK         int // 16 or 32
	IK         int // 16 or 32
	Iterations int // of Keccak-f[1600], at least 1
}

func (p Parameters) check() error {
	switch {
	case p.MAC != 8 && p.MAC != 16 && p.MAC != 32:
		return fmt.Errorf("%w: MAC of %d octets", ErrParameter, p.MAC)
	case p.RES != 4 && p.RES != 8 && p.RES != 16 && p.RES != 32:
		return fmt.Errorf("%w: RES of %d octets", ErrParameter, p.RES)
	case p.CK != 16 && p.CK != 32:
		return fmt.Errorf("%w: CK of %d octets", ErrParameter, p.CK)
	case p.IK != 16 && p.IK != 32:
		return fmt.Errorf("%w: IK of %d octets", ErrParameter, p.IK)
	case p.Iterations < 1 || p.Iterations > MaxIterations:
		return fmt.Errorf("%w: %d iterations", ErrParameter, p.Iterations)
	}
	return nil
}

// Functions are f1 to f5, f1* and f5* of one subscriber in every output length of the standard.
// They are safe for concurrent use.
type Functions struct {
	start state // everything that does not change from call to call
	p     Parameters
}

// NewFunctions makes the functions of the subscriber with a key of 16 or 32 octets and TOPc, TS 35.231 §6.
// The error is ErrParameter.
func NewFunctions(key []byte, topc *TOPc, p Parameters) (*Functions, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	f := &Functions{p: p}
	if err := f.start.load((*[32]byte)(topc), key); err != nil {
		return nil, err
	}
	return f, nil
}

// NewTOPc derives TOPc from TOP and a key of 16 or 32 octets, TS 35.231 §6.1. iterations is that of Parameters.
// The error is ErrParameter.
func NewTOPc(key []byte, top *TOP, iterations int) (TOPc, error) {
	if iterations < 1 || iterations > MaxIterations {
		return TOPc{}, fmt.Errorf("%w: %d iterations", ErrParameter, iterations)
	}
	var s state
	if err := s.load((*[32]byte)(top), key); err != nil {
		return TOPc{}, err
	}
	s.permute(iterations)
	var out TOPc
	s.append(out[:0], 0, len(out))
	return out, nil
}

// The function bits of INSTANCE, TS 35.231 §6.2 to §6.5.
const (
	instanceF1     = 0x00
	instanceF1Star = 0x80
	instanceF2345  = 0x40
	instanceF5Star = 0xc0
)

// F1 appends MAC-A to dst, TS 35.231 §6.2.
func (f *Functions) F1(dst []byte, rand *aka.RAND, sqn aka.SQN, amf aka.AMF) []byte {
	return f.mac(dst, instanceF1, rand, sqn, amf)
}

// F1Star appends MAC-S to dst, TS 35.231 §6.3.
func (f *Functions) F1Star(dst []byte, rand *aka.RAND, sqn aka.SQN, amf aka.AMF) []byte {
	return f.mac(dst, instanceF1Star, rand, sqn, amf)
}

// mac puts the length in INSTANCE as a multiple of 64 bits.
func (f *Functions) mac(dst []byte, instance byte, rand *aka.RAND, sqn aka.SQN, amf aka.AMF) []byte {
	s := f.start
	s.challenge(instance|byte(f.p.MAC), rand)
	s[7] = uint64(sqn&aka.MaxSQN)<<16 | uint64(binary.BigEndian.Uint16(amf[:]))
	s.permute(f.p.Iterations)
	return s.append(dst, 0, f.p.MAC)
}

// F2345 is RES, CK, IK and AK, TS 35.231 §6.4.
func (f *Functions) F2345(rand *aka.RAND) (res, ck, ik []byte, ak aka.AK) {
	s := f.response(rand)
	s.append(ak[:0], 12, len(ak))
	return s.append(nil, 0, f.p.RES), s.append(nil, 4, f.p.CK), s.append(nil, 8, f.p.IK), ak
}

// response puts the lengths in INSTANCE: RES as a multiple of 64 bits, 0 for 32, then a bit each for a CK and an
// IK of 256 bits.
func (f *Functions) response(rand *aka.RAND) state {
	s := f.start
	instance := byte(instanceF2345) | byte(f.p.RES)&^7
	if f.p.CK == 32 {
		instance |= 4
	}
	if f.p.IK == 32 {
		instance |= 2
	}
	s.challenge(instance, rand)
	s.permute(f.p.Iterations)
	return s
}

// F5Star is the anonymity key for resynchronisation, TS 35.231 §6.5.
func (f *Functions) F5Star(rand *aka.RAND) aka.AK {
	s := f.start
	s.challenge(instanceF5Star, rand)
	s.permute(f.p.Iterations)
	var ak aka.AK
	s.append(ak[:0], 12, len(ak))
	return ak
}
