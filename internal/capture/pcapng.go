// Package capture records packets of network interfaces as pcapng, draft-ietf-opsawg-pcapng, in the form that tshark
// and Wireshark read. The demo and the end-to-end tests use it; the core never does.
package capture

import (
	"encoding/binary"
	"fmt"
	"io"
	"sync"
	"time"
)

// Block types and options of draft-ietf-opsawg-pcapng §4.
const (
	blockSectionHeader  = 0x0a0d0d0a
	blockInterface      = 1
	blockEnhancedPacket = 6

	byteOrderMagic = 0x1a2b3c4d
	linkEthernet   = 1
	linkUpperPDU   = 252 // LINKTYPE_WIRESHARK_UPPER_PDU

	optionEnd            = 0
	optionUserAppl       = 4 // shb_userappl
	optionName           = 2 // if_name
	optionDescription    = 3 // if_description
	optionTSResolution   = 9 // if_tsresol
	resolutionNanosec    = 9
	maxInterfaces        = 1 << 16
	maxPacket            = 256 << 10
	unknownSectionLength = ^uint64(0)

	tagDissector = 12 // the tags before an exported PDU, with lengths that are multiples of 4
	tagEnd       = 0
)

// Writer writes one section of pcapng. Its methods may be called from several goroutines.
type Writer struct {
	mu         sync.Mutex
	w          io.Writer
	interfaces int
	buf        []byte
	err        error // the first; nothing is written after it
}

// NewWriter writes the section header to w; application names the program in it.
func NewWriter(w io.Writer, application string) (*Writer, error) {
	p := &Writer{w: w}
	p.begin(blockSectionHeader)
	p.u32(byteOrderMagic)
	p.buf = binary.LittleEndian.AppendUint16(p.buf, 1) // version 1.0
	p.buf = binary.LittleEndian.AppendUint16(p.buf, 0)
	p.buf = binary.LittleEndian.AppendUint64(p.buf, unknownSectionLength)
	p.option(optionUserAppl, []byte(application))
	p.option(optionEnd, nil)
	return p, p.end()
}

// AddInterface describes an Ethernet interface and returns its number for WritePacket.
func (p *Writer) AddInterface(name, description string) (int, error) {
	return p.addInterface(linkEthernet, name, description)
}

// AddExport describes where messages without lower layers come from; what WritePacket gets for its number is an UpperPDU.
func (p *Writer) AddExport(name, description string) (int, error) {
	return p.addInterface(linkUpperPDU, name, description)
}

// UpperPDU is a message for a dissector of Wireshark, by the dissector's name.
func UpperPDU(dissector string, message []byte) []byte {
	name := append([]byte(dissector), make([]byte, (4-len(dissector)%4)%4)...)
	b := binary.BigEndian.AppendUint16(nil, tagDissector)
	b = binary.BigEndian.AppendUint16(b, uint16(len(name)))
	b = append(b, name...)
	b = binary.BigEndian.AppendUint32(b, tagEnd)
	return append(b, message...)
}

func (p *Writer) addInterface(link uint32, name, description string) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.interfaces == maxInterfaces {
		return 0, fmt.Errorf("capture: more than %d interfaces", maxInterfaces)
	}
	p.begin(blockInterface)
	p.u32(link)
	p.u32(maxPacket)
	p.option(optionName, []byte(name))
	p.option(optionDescription, []byte(description))
	p.option(optionTSResolution, []byte{resolutionNanosec})
	p.option(optionEnd, nil)
	p.interfaces++
	return p.interfaces - 1, p.end()
}

// WritePacket writes a packet that was seen on an interface. original is its length in octets before it was cut to
// data.
func (p *Writer) WritePacket(iface int, at time.Time, data []byte, original int) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if iface < 0 || iface >= p.interfaces {
		return fmt.Errorf("capture: no interface %d", iface)
	}
	if len(data) > maxPacket || original < len(data) {
		return fmt.Errorf("capture: packet of %d octets, %d captured", original, len(data))
	}
	ts := uint64(at.UnixNano())
	p.begin(blockEnhancedPacket)
	p.u32(uint32(iface))
	p.u32(uint32(ts >> 32))
	p.u32(uint32(ts))
	p.u32(uint32(len(data)))
	p.u32(uint32(original))
	p.padded(data)
	return p.end()
}

// begin starts a block; its length follows in end.
func (p *Writer) begin(block uint32) {
	p.buf = binary.LittleEndian.AppendUint32(p.buf[:0], block)
	p.u32(0)
}

// end completes the block and writes it, as one Write.
func (p *Writer) end() error {
	length := uint32(len(p.buf) + 4)
	p.u32(length)
	binary.LittleEndian.PutUint32(p.buf[4:], length)
	if p.err == nil {
		_, p.err = p.w.Write(p.buf)
	}
	return p.err
}

func (p *Writer) u32(v uint32) { p.buf = binary.LittleEndian.AppendUint32(p.buf, v) }

// padded appends octets up to a multiple of four.
func (p *Writer) padded(b []byte) {
	p.buf = append(p.buf, b...)
	for len(p.buf)%4 != 0 {
		p.buf = append(p.buf, 0)
	}
}

func (p *Writer) option(code uint16, value []byte) {
	p.buf = binary.LittleEndian.AppendUint16(p.buf, code)
	p.buf = binary.LittleEndian.AppendUint16(p.buf, uint16(len(value)))
	p.padded(value)
}
