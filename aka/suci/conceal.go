package suci

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"io"
)

// Conceal is the UE's side: it makes the scheme output of input, an MSIN packed by PackMSIN or the user name of a
// NAI, under a fresh ephemeral key from random, TS 33.501 §C.3.2. The error is ErrLength, ErrKey or that of random.
func (k *PublicKey) Conceal(random io.Reader, input []byte) ([]byte, error) {
	ephemeral, err := GeneratePrivateKey(random, k.scheme, k.id)
	if err != nil {
		return nil, err
	}
	return k.concealWith(ephemeral, input)
}

func (k *PublicKey) concealWith(ephemeral *PrivateKey, input []byte) ([]byte, error) {
	if len(input) == 0 || len(input) > MaxInput {
		return nil, fmt.Errorf("%w: input of %d octets", ErrLength, len(input))
	}
	shared, err := ephemeral.key.ECDH(k.key)
	if err != nil {
		return nil, fmt.Errorf("%w: no shared secret", ErrKey)
	}
	head := encodePublic(k.scheme, ephemeral.key.PublicKey())
	keys := derive(shared, head)
	out := make([]byte, 0, len(head)+len(input)+macLen)
	out = append(append(out, head...), input...)
	text := out[len(head):]
	if err := keys.crypt(text); err != nil {
		return nil, err
	}
	tag := keys.tag(text)
	return append(out, tag[:]...), nil
}

// Deconceal is the SIDF's side: it verifies the MAC tag of a scheme output in constant time and returns the scheme
// input, TS 33.501 §C.3.3. The error is ErrLength, ErrKey or ErrMAC.
func (k *PrivateKey) Deconceal(output []byte) ([]byte, error) {
	n := k.scheme.ephemeralLen()
	if len(output) <= n+macLen || len(output) > n+macLen+MaxInput {
		return nil, fmt.Errorf("%w: output of %d octets", ErrLength, len(output))
	}
	head, text, sent := output[:n], output[n:len(output)-macLen], output[len(output)-macLen:]
	ephemeral, err := parsePublic(k.scheme, head)
	if err != nil {
		return nil, err
	}
	shared, err := k.key.ECDH(ephemeral)
	if err != nil {
		return nil, fmt.Errorf("%w: no shared secret", ErrKey)
	}
	keys := derive(shared, head)
	tag := keys.tag(text)
	if !hmac.Equal(tag[:], sent) {
		return nil, ErrMAC
	}
	input := append([]byte(nil), text...)
	if err := keys.crypt(input); err != nil {
		return nil, err
	}
	return input, nil
}

// crypt is AES-128 in counter mode, in place, TS 33.501 §C.3.4.
func (k *keyData) crypt(text []byte) error {
	block, err := aes.NewCipher(k.encKey())
	if err != nil {
		return fmt.Errorf("suci: %w", err)
	}
	cipher.NewCTR(block, k.icb()).XORKeyStream(text, text)
	return nil
}

// tag is HMAC-SHA-256 cut to 64 bits, TS 33.501 §C.3.4.
func (k *keyData) tag(text []byte) [macLen]byte {
	mac := hmac.New(sha256.New, k.macKey())
	mac.Write(text)
	var sum [sha256.Size]byte
	return [macLen]byte(mac.Sum(sum[:0]))
}
