package main

import (
	"fmt"
	"math/bits"
	"strings"
)

// constraintOf returns the constraint of a field and the Go type under its name.
func (g *generator) constraintOf(f *field) (c constraint, under string) {
	if f.c.kind != "" {
		return f.c, f.typeName
	}
	t := g.pkg.types[f.typeName]
	return t.c, source(t.expr)
}

// composite tells whether the type has encode and decode methods.
func composite(c constraint) bool {
	switch c.kind {
	case "sequence", "choice", "container", "list", "custom":
		return true
	}
	return false
}

// present returns the Go condition under which an optional field is there.
func (g *generator) present(f *field, expr string) string {
	c, under := g.constraintOf(f)
	switch {
	case f.pointer:
		return expr + " != nil"
	case c.kind == "null":
		return expr
	case under == "string":
		return expr + ` != ""`
	case under == "aper.BitString":
		return expr + ".Bytes != nil"
	}
	return expr + " != nil"
}

// absent returns the statement that makes an optional field absent.
func (g *generator) absent(f *field, expr string) string {
	c, under := g.constraintOf(f)
	switch {
	case f.pointer:
		return expr + " = nil"
	case c.kind == "null":
		return expr + " = false"
	case under == "string":
		return expr + ` = ""`
	case under == "aper.BitString":
		return expr + ".Bytes = nil"
	}
	return expr + " = nil"
}

// encodeValue writes the statement that encodes expr.
func (g *generator) encodeValue(f *field, expr string) {
	c, under := g.constraintOf(f)
	if composite(c) {
		g.printf("\t%s.encode(e)\n", expr)
		return
	}
	v := expr
	if f.pointer {
		v = "*" + expr
	}
	isArray := strings.HasPrefix(under, "[") && !strings.HasPrefix(under, "[]")
	switch c.kind {
	case "null":
	case "open":
		g.printf("\te.Raw(%s)\n", v)
	case "bool":
		g.printf("\te.Bool(bool(%s))\n", v)
	case "int":
		switch {
		case c.neg < 0:
			g.printf("\te.Int(int64(%s), %d, %d)\n", v, c.neg, c.ub)
		case c.ext:
			g.printf("\te.UintExt(uint64(%s), %d, %d)\n", v, c.lb, c.ub)
		default:
			g.printf("\te.Uint(uint64(%s), %d, %d)\n", v, c.lb, c.ub)
		}
	case "enum":
		if c.ext {
			g.printf("\te.EnumExt(uint8(%s), %d, %d)\n", v, c.root, c.known)
		} else {
			g.printf("\te.Enum(uint8(%s), %d)\n", v, c.root)
		}
	case "bits", "octets":
		switch {
		case isArray:
			if f.pointer {
				v = expr
			}
			g.printf("\te.Fixed(%s[:])\n", v)
		case strings.HasPrefix(under, "uint"):
			if c.ext {
				g.printf("\te.Bool(false)\n")
			}
			g.printf("\te.FixedUint(uint64(%s), %d)\n", v, c.bits())
		case c.kind == "bits":
			g.printf("\te.BitString(aper.BitString(%s), %d, %d, %t)\n", v, c.lb, c.ub, c.ext)
		case !c.sized:
			g.printf("\te.OctetsAny(%s)\n", v)
		default:
			g.printf("\te.Octets(%s, %d, %d, %t)\n", v, c.lb, c.ub, c.ext)
		}
	case "printable", "visible":
		g.printf("\te.String(string(%s), %d, %d, %t)\n", v, c.lb, c.ub, c.ext)
	case "utf8":
		g.printf("\te.UTF8(string(%s), %d, %d, %t)\n", v, c.lb, c.ub, c.ext)
	}
}

// bits returns the size in bits of a fixed BIT STRING or OCTET STRING.
func (c *constraint) bits() uint64 {
	if c.kind == "octets" {
		return 8 * c.lb
	}
	return c.lb
}

// decodeValue writes the statements that decode into lhs.
func (g *generator) decodeValue(f *field, lhs string) {
	c, under := g.constraintOf(f)
	if f.pointer {
		g.printf("\t%s = new(%s)\n", lhs, f.typeName)
	}
	if composite(c) {
		g.printf("\t%s.decode(d)\n", lhs)
		return
	}
	isArray := strings.HasPrefix(under, "[") && !strings.HasPrefix(under, "[]")
	if isArray {
		g.printf("\td.Fixed(%s[:])\n", lhs)
		return
	}
	value := decodeExpr(c, under)
	if f.typeName != "bool" {
		value = fmt.Sprintf("%s(%s)", f.typeName, value)
	}
	if f.pointer {
		lhs = "*" + lhs
	}
	g.printf("\t%s = %s\n", lhs, value)
}

// decodeExpr returns the expression that reads a primitive value.
func decodeExpr(c constraint, under string) string {
	switch c.kind {
	case "null":
		return "true"
	case "open":
		return "d.Rest()"
	case "bool":
		return "d.Bool()"
	case "int":
		switch {
		case c.neg < 0:
			return fmt.Sprintf("d.Int(%d, %d)", c.neg, c.ub)
		case c.ext:
			size := map[string]int{"uint8": 8, "uint16": 16, "uint32": 32, "uint64": 64}[under]
			return fmt.Sprintf("d.uintExt(%d, %d, %d)", c.lb, c.ub, uint64(1)<<size-1)
		}
		return fmt.Sprintf("d.Uint(%d, %d)", c.lb, c.ub)
	case "enum":
		if c.ext {
			return fmt.Sprintf("d.enumExt(%d, %d)", c.root, c.known)
		}
		return fmt.Sprintf("d.Enum(%d)", c.root)
	case "printable", "visible":
		return fmt.Sprintf("d.String(%d, %d, %t)", c.lb, c.ub, c.ext)
	case "utf8":
		return fmt.Sprintf("d.UTF8(%d, %d, %t)", c.lb, c.ub, c.ext)
	}
	switch { // bits, octets
	case strings.HasPrefix(under, "uint") && c.ext:
		return fmt.Sprintf("d.FixedUintExt(%d)", c.bits())
	case strings.HasPrefix(under, "uint"):
		return fmt.Sprintf("d.FixedUint(%d)", c.bits())
	case c.kind == "bits":
		return fmt.Sprintf("d.BitString(%d, %d, %t)", c.lb, c.ub, c.ext)
	case !c.sized:
		return "d.OctetsAny()"
	}
	return fmt.Sprintf("d.Octets(%d, %d, %t)", c.lb, c.ub, c.ext)
}

// minBits returns a lower bound of the size in bits of the encoding of a field's type, X.691 without padding.
func (g *generator) minBits(f *field) int {
	c, _ := g.constraintOf(f)
	n := 0
	if c.ext {
		n = 1
	}
	switch c.kind {
	case "int":
		return n + rangeBits(c.ub-c.lb)
	case "enum":
		return n + rangeBits(uint64(c.root-1))
	case "bits":
		return n + rangeBits(c.ub-c.lb) + int(c.lb)
	case "octets", "printable", "visible":
		if !c.sized {
			return 8
		}
		return n + rangeBits(c.ub-c.lb) + 8*int(c.lb)
	case "utf8", "open":
		return 8
	case "list":
		elem := strings.TrimPrefix(source(g.pkg.types[f.typeName].expr), "[]")
		return n + rangeBits(c.ub-c.lb) + int(c.lb)*g.minBits(&field{typeName: elem})
	case "container":
		return 17
	case "sequence":
		return g.minSequence(g.pkg.types[f.typeName])
	case "choice":
		return g.minChoice(g.pkg.types[f.typeName])
	}
	return n
}

// rangeBits returns the least bits of a constrained whole number with this range, X.691 §11.5.7.
func rangeBits(r uint64) int {
	switch {
	case r < 65536:
		return bits.Len64(r)
	}
	return 8
}

func (g *generator) minSequence(t *typ) int {
	n := 0
	if !t.c.has("closed") {
		n++
	}
	if !t.c.has("bare") {
		n++
	}
	for _, f := range t.fields {
		switch {
		case f.tag == "ext":
		case f.optional:
			n++
		default:
			n += g.minBits(f)
		}
	}
	return n
}

func (g *generator) minChoice(t *typ) int {
	least, root := 40, 0
	for _, f := range t.fields {
		if f.tag == "" {
			least = min(least, g.minBits(f))
			root++
		}
	}
	return least + bits.Len(uint(root))
}
